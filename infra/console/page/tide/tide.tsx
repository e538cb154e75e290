import { memo } from 'preact/compat';
import { useEffect } from 'preact/hooks';
import { number } from '../format.ts';
import { status, store } from '../live.ts';
import { mountTide } from './mount.ts';

const figures = [
  ['credentials', 'alive', 'Credentials alive in the register'],
  ['samplesPerS', 'samples/s', 'Samples scored a second'],
  ['windowsPerS', 'windows/s', 'Windows scored a second'],
  ['decisions', 'decisions', 'Decisions since the console began'],
] as const;

const Figures = () => (
  <dl class="figures">
    {figures.map(([name, word, title]) => (
      <div key={name} class="figure" title={title}>
        <dt>{word}</dt>
        <dd>{number(status.value[name])}</dd>
      </div>
    ))}
  </dl>
);

const Parts = () => (
  <ul class="parts" aria-label="What runs here">
    {status.value.parts.map(({ name, ready, detail }) => (
      <li key={name} class={ready ? 'part' : 'part unready'} title={detail}>
        {name}
        <span class="hidden">{ready ? ' ready' : ` not ready: ${detail}`}</span>
      </li>
    ))}
  </ul>
);

/** The lanes' elements, filled by hand, since they are drawn many times a second. */
const Lanes = memo(
  () => {
    useEffect(() => mountTide(store), []);
    return (
      <div class="stage">
        <div class="tide-main">
          <div id="toolbar" class="toolbar" />
          <div id="axis" class="axis" aria-hidden="true" />
          <ol id="lanes" class="lanes" />
          <p id="empty" class="empty" hidden />
          <footer id="legend" class="legend" />
        </div>
        <aside id="detail" class="detail" hidden />
      </div>
    );
  },
  () => true,
);

/** The home page: the remaining life of every credential as water in its lane. */
export const Tide = ({ shown }: { readonly shown: boolean }) => (
  <div class="tide-page" hidden={!shown}>
    <h1 class="hidden" tabIndex={-1}>
      Credentials and their remaining life
    </h1>
    <div class="tide-band">
      <Parts />
      <Figures />
    </div>
    <Lanes />
  </div>
);
