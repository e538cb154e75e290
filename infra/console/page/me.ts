import { computed, signal } from '@preact/signals';
import { type Role, suffices } from '../people/roles.ts';
import { get } from './api.ts';

/** Who looks at the page. */
export interface Me {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  readonly how: string;
  readonly may: string;
  readonly canSignOut: boolean;
  readonly approvals: { readonly on: boolean };
}

/** Who looks at the page; null until the server has said. */
export const me = signal<Me | null>(null);

/** Ask the server who looks at the page. */
export const loadMe = async (): Promise<void> => {
  try {
    me.value = await get<Me>('/api/me');
  } catch {
    // The connection says that the session has ended, or that nobody answers
  }
};

const role = computed(() => me.value?.role ?? 'viewer');

/** Whether whoever looks may do what needs a role: what they may not is not offered. */
export const may = (needed: Role): boolean => suffices(role.value, needed);
