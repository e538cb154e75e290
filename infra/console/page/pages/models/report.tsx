import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { ModelReport } from '../../../view/models.ts';
import { subjectPath } from '../../../view/paths.ts';
import { get } from '../../api.ts';
import { plain, score } from '../../format.ts';
import { Failed, Loading } from '../../shell/page.tsx';
import { inFull, when } from '../../time.ts';
import { Table, Tiles } from '../../view/frame.tsx';
import { JudgedPlot } from './judgedPlot.tsx';

type Told = { readonly report: ModelReport };

/** What labels do, by kind of model; the scope model has no baseline of its own. */
const benignAbout = (kind: string): readonly [falsePositive: string, legitimate: string] =>
  kind === 'scope' ? ['benign to it', 'benign to it'] : ['they move thresholds', 'they join the baseline'];

const stretch = (subject: string, fromMs: number) => [
  <a key="subject" href={subjectPath(subject)}>
    {subject}
  </a>,
  when(fromMs),
];

const Labels = ({ kind, report: { labels, cut } }: Told & { readonly kind: string }) => {
  const [falsePositive, legitimate] = benignAbout(kind);
  return (
    <Tiles
      tiles={[
        {
          title: 'Labels given',
          value: String(labels.given),
          about: `${labels.refused.length + cut.refused} of them left out`,
        },
        { title: 'Judged malicious', value: String(labels.maliciousActivity), about: 'they supervise' },
        { title: 'False positives', value: String(labels.falsePositive), about: falsePositive },
        { title: 'Legitimate anomalies', value: String(labels.legitimateAnomaly), about: legitimate },
        { title: 'Held out', value: String(labels.heldOut), about: 'the latest, which only judge' },
      ]}
    />
  );
};

const Lost = ({ report: { comparison, cut } }: Told) =>
  comparison.lost.length === 0 ? null : (
    <Table
      title="Attacks that it loses"
      about={`The champion shows them, the challenger does not.${cut.lost > 0 ? ` ${cut.lost} more are not kept.` : ''}`}
      headings={['Subject', 'From', 'Champion', 'Challenger']}
      none=""
      rows={comparison.lost.map((one) => ({
        key: `${one.subject} ${one.fromMs}`,
        cells: [...stretch(one.subject, one.fromMs), score(one.champion), score(one.challenger)],
      }))}
    />
  );

const Judged = ({ report: { comparison, cut } }: Told) => {
  const { judged, threshold } = comparison;
  const told = (value: number): string => `${score(value)}${value > threshold ? ', alarm' : ''}`;
  return (
    <details class="as-table">
      <summary>What was judged, one by one ({judged.length + cut.judged})</summary>
      <Table
        title="Stretches that analysts judged"
        about={`Highest scores.${cut.judged > 0 ? ` ${cut.judged} more are not kept.` : ''}`}
        headings={['Subject', 'From', 'Judged', 'By', 'The challenger', 'Champion', 'Challenger']}
        none="No label could be used."
        rows={judged.map((one) => ({
          key: `${one.subject} ${one.fromMs} ${one.verdict}`,
          cells: [
            ...stretch(one.subject, one.fromMs),
            plain(one.verdict),
            one.by,
            one.heldOut ? 'had not seen it' : 'learned from it',
            told(one.champion),
            told(one.challenger),
          ],
        }))}
      />
    </details>
  );
};

const Refused = ({ report: { labels, cut } }: Told) =>
  labels.refused.length === 0 ? null : (
    <details class="as-table">
      <summary>Labels left out ({labels.refused.length + cut.refused})</summary>
      <Table
        title="Labels left out"
        headings={['Subject', 'Given', 'Judged', 'By', 'Why']}
        none=""
        rows={labels.refused.map((one, index) => ({
          key: String(index),
          cells: [...stretch(one.subject, Date.parse(one.at)), plain(one.verdict), one.by, one.why],
        }))}
      />
    </details>
  );

const Content = ({ kind, report }: Told & { readonly kind: string }) => {
  const rows = report.figures.slice(1);
  return (
    <>
      <div class="report-verdict" data-outcome={report.outcome}>
        <p>
          <strong>{report.headline}.</strong>
        </p>
        <ul>
          {report.reasons.map((reason) => (
            <li key={reason}>{reason}</li>
          ))}
        </ul>
        <p class="field-about">The verdict of {inFull(Date.parse(report.at))}. Who decides now stands above.</p>
      </div>
      <div class="view-columns">
        <Table
          title="Champion against challenger"
          headings={['Figure', 'Champion', 'Challenger']}
          none="Nothing was compared."
          rows={rows.map(([name = '', ...cells], index) => ({ key: `${index}`, cells: [name, ...cells] }))}
        />
        <JudgedPlot comparison={report.comparison} />
      </div>
      <Lost report={report} />
      <Labels kind={kind} report={report} />
      <Judged report={report} />
      <Refused report={report} />
    </>
  );
};

/**
 * The report that is kept with a version, with a heading to which the keyboard is led.
 *
 * @param lead - whether somebody just asked for it, and not an address
 */
export const Report = ({
  kind,
  version,
  lead,
  onClose,
}: {
  readonly kind: string;
  readonly version: string;
  readonly lead: boolean;
  readonly onClose: () => void;
}) => {
  const report = useSignal<ModelReport | null | undefined>(undefined);
  const error = useSignal<unknown>(null);
  const heading = useRef<HTMLHeadingElement>(null);
  const load = async (): Promise<void> => {
    try {
      error.value = null;
      report.value = (await get<{ report: ModelReport | null }>('/api/models/report', { kind, version })).report;
    } catch (failed) {
      error.value = failed;
    }
  };
  useEffect(() => {
    report.value = undefined;
    void load();
    if (lead) heading.current?.focus();
  }, [kind, version]);
  return (
    <section class="model-report" aria-label={`Report of ${version}`}>
      <h2 ref={heading} tabIndex={-1}>
        Report of {version}
      </h2>
      {error.value !== null && <Failed error={error.value} onRetry={() => void load()} />}
      {error.value === null && report.value === undefined && <Loading what="Reading the report" />}
      {report.value === null && <p class="none">No report is kept with this version.</p>}
      {report.value && <Content kind={kind} report={report.value} />}
      <button type="button" onClick={onClose}>
        Close the report
      </button>
    </section>
  );
};
