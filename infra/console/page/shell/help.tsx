import { keyGroups, keysOn, setKeys } from './keys.ts';
import { Modal } from './modal.tsx';

const shown = (key: string): string[] =>
  key.split(' ').map((part) => ({ ArrowDown: '↓', ArrowUp: '↑', Escape: 'Esc' })[part] ?? part);

/** What the keys do, here. */
export const Help = ({ onClose }: { readonly onClose: () => void }) => (
  <Modal label="Keyboard" className="help" onClose={onClose}>
    <div class="detail-head">
      <h2>Keyboard</h2>
      <button type="button" class="quiet close" aria-label="Close" onClick={onClose}>
        ✕
      </button>
    </div>
    <div class="help-groups">
      {keyGroups.value.map(({ title, actions }) => (
        <section key={title}>
          <h3>{title}</h3>
          <dl>
            {actions.map(({ key, text }) => (
              <div key={key}>
                <dt>
                  {shown(key).map((part) => (
                    <kbd key={part}>{part}</kbd>
                  ))}
                </dt>
                <dd>{text}</dd>
              </div>
            ))}
          </dl>
        </section>
      ))}
    </div>
    <label class="check">
      <input type="checkbox" checked={keysOn.value} onChange={(event) => setKeys(event.currentTarget.checked)} />
      Keys of one letter are on
    </label>
  </Modal>
);
