import type { ComponentChildren } from 'preact';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import { announce } from '../api.ts';

const opened = { path: location.pathname, first: true };

/** Move the focus to the title of a page that was gone to; that of the first one stays where the browser puts it. */
export const focusTitle = (title: HTMLElement | null): void => {
  if (!opened.first || location.pathname !== opened.path) title?.focus({ preventScroll: true });
  opened.first = false;
};

/** A page's frame: its title, which names the window and takes the focus when the page opens, what can be done, and its content. */
export const Page = ({
  title,
  lead,
  actions,
  children,
}: {
  readonly title: string;
  readonly lead?: ComponentChildren;
  readonly actions?: ComponentChildren;
  readonly children: ComponentChildren;
}) => {
  const heading = useRef<HTMLHeadingElement>(null);
  useLayoutEffect(() => {
    document.title = `${title} · Ebbtide`;
  }, [title]);
  useLayoutEffect(() => {
    scrollTo(0, 0);
    focusTitle(heading.current);
  }, []);
  return (
    <div class="page">
      <div class="page-head">
        <div class="page-title">
          <h1 ref={heading} tabIndex={-1}>
            {title}
          </h1>
          {lead && <p class="lead">{lead}</p>}
        </div>
        {actions && <div class="page-actions">{actions}</div>}
      </div>
      {children}
    </div>
  );
};

/** What is shown where there is nothing. */
export const Empty = ({ title, children }: { readonly title: string; readonly children?: ComponentChildren }) => (
  <div class="nothing">
    <p class="nothing-title">{title}</p>
    {children && <p>{children}</p>}
  </div>
);

/** What is shown where something could not be had, with a way to try again. */
export const Failed = ({ error, onRetry }: { readonly error: unknown; readonly onRetry?: () => void }) => {
  const text = error instanceof Error ? error.message : String(error);
  useEffect(() => announce(text), [text]);
  return (
    <div class="nothing failed" role="alert">
      <p class="nothing-title">This could not be shown</p>
      <p>{text}</p>
      {onRetry && (
        <button type="button" onClick={onRetry}>
          Try again
        </button>
      )}
    </div>
  );
};

/** What is shown until something is there. */
export const Loading = ({ what }: { readonly what: string }) => (
  <p class="loading" role="status">
    {what}
  </p>
);
