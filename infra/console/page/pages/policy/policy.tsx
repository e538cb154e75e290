import { useSignal } from '@preact/signals';
import { useRef } from 'preact/hooks';
import type { EditablePolicy, PolicyPipeline, PolicyVersion } from '../../../view/policy.ts';
import { get, post } from '../../api.ts';
import { ask } from '../../dialog.ts';
import { counted, useRead, useVersion } from '../../fresh.ts';
import { Choice } from '../../list/filters.tsx';
import { useQuery } from '../../list/query.ts';
import { Failed, Loading, Page } from '../../shell/page.tsx';
import { say, sayFailed } from '../../shell/toast.tsx';
import { type Draft, same } from './draft.ts';
import { Editor } from './editor.tsx';

const names: Readonly<Record<PolicyPipeline, string>> = {
  lifecycle: 'Lifecycle',
  scope: 'Scope',
  preprovision: 'Pre-provisioning',
  keylife: 'Key lifespans',
};
const tries = 3;
/** A setting comes back from its topic within this. */
const waitMs = 3_000;

/** The policies of all pipelines; what a draft of one would have done; putting one in force, and taking that back. */
const Policy = () => {
  /** Something has changed that is not read yet, since somebody is at work. */
  const isHeld = useSignal(false);
  const [{ pipeline }, setQuery] = useQuery({ pipeline: 'lifecycle' });
  const drafting = useRef(false);
  const editor = useRef<HTMLDivElement>(null);
  const version = useVersion('policies');
  const isTyping = (): boolean => {
    const at = document.activeElement;
    return at?.matches('input, select, textarea') === true && editor.current?.contains(at) === true;
  };
  const {
    data: all,
    error,
    load,
    settle,
  } = useRead(
    async () => {
      isHeld.value = false;
      return (await get<{ pipelines: EditablePolicy[] }>('/api/policies')).pipelines;
    },
    [version],
    () => {
      isHeld.value = drafting.current || isTyping();
      return isHeld.value;
    },
  );
  const draft = (changed: boolean): void => {
    drafting.current = changed;
    if (!changed) settle();
  };
  const one = all.value?.find((entry) => entry.pipeline === pipeline) ?? all.value?.[0];

  const readAnew = async (): Promise<void> => {
    const question = {
      title: 'Read the policies anew?',
      text: 'Where another policy is in force by now, what you have changed here is lost.',
      confirm: 'Read anew',
    };
    if (!drafting.current || (await ask(question)) !== null) await load();
  };

  /** @returns whether it is in force now */
  const put = async (policy: Draft, question: Parameters<typeof ask>[0]): Promise<boolean> => {
    const reason = await ask({ ...question, needsReason: true });
    if (reason === null || !one) return false;
    try {
      const answer = await post<{ approval?: object } | undefined>('/api/control/policy', {
        pipeline: one.pipeline,
        policy,
        reason,
      });
      if (answer?.approval) {
        say('It leaves shadow mode, so that another operator must approve it: see Approvals');
        return false;
      }
      // It counts once it has come back from the topic
      for (let attempt = 0; attempt < tries; attempt++) {
        await load();
        const now = all.value?.find((entry) => entry.pipeline === one.pipeline);
        if (now && now.current.version !== one.current.version) break;
        await counted(({ versions }) => versions.policies, waitMs);
      }
      say(`${names[one.pipeline]}: another policy is in force`, { word: 'Undo', run: () => void undo() });
      return true;
    } catch (failed) {
      sayFailed(failed);
      return false;
    }
  };
  const putBack = async ({ policy, version, by, reason }: PolicyVersion, confirm: string): Promise<void> => {
    const text = by ? `It was set by ${by}: ${reason || 'no reason given'}` : 'It is the default.';
    await put(policy, { title: `Back to policy ${version}?`, text, confirm });
  };
  const undo = async (): Promise<void> => {
    const now = all.value?.find((entry) => entry.pipeline === pipeline);
    if (now?.previous) await putBack(now.previous, 'Undo');
  };
  return (
    <Page
      title="Policy"
      lead="What decides, pipeline by pipeline. Change something, and see what would have differed."
      actions={
        isHeld.value &&
        all.value && (
          <button type="button" onClick={() => void readAnew()}>
            Policies may have changed: read anew
          </button>
        )
      }
    >
      {error.value !== null && <Failed error={error.value} onRetry={() => void load()} />}
      {error.value === null && !one && <Loading what="Reading policies" />}
      {one && (
        <>
          <div class="filters">
            <Choice
              label="Pipeline"
              value={one.pipeline}
              options={Object.entries(names) as [PolicyPipeline, string][]}
              onChoose={(chosen) => setQuery({ pipeline: chosen })}
            />
          </div>
          {/* Left, it may change: once what was changed in it is known */}
          <div ref={editor} onFocusOut={() => void setTimeout(settle)}>
            <Editor
              key={`${one.pipeline} ${one.current.version}`}
              entry={one}
              title={names[one.pipeline]}
              onDraft={draft}
              onUndo={() => void undo()}
              onPutBack={(version) => void putBack(version, 'Put back')}
              onApply={(draft) =>
                put(draft, {
                  title: `Put this ${names[one.pipeline].toLowerCase()} policy in force?`,
                  text:
                    draft.mode === 'enforce' && !same(draft.mode, one.current.policy.mode)
                      ? 'It leaves shadow mode: decisions will be carried out.'
                      : 'It counts from the next clock record of the pipeline on, and can be undone.',
                  confirm: 'Apply',
                  grave: draft.mode === 'enforce' && one.current.policy.mode !== 'enforce',
                })
              }
            />
          </div>
        </>
      )}
    </Page>
  );
};

export default Policy;
