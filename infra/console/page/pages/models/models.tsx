import type { ModelHealth } from '../../../../clickhouse/views/types.ts';
import type { KindOfModel } from '../../../view/models.ts';
import { subjectPath } from '../../../view/paths.ts';
import { get } from '../../api.ts';
import { number } from '../../format.ts';
import { useRead, useVersion } from '../../fresh.ts';
import { Failed, Loading } from '../../shell/page.tsx';
import { when } from '../../time.ts';
import { Bars, seriesOf } from '../../view/bars.tsx';
import { Table, ViewPage } from '../../view/frame.tsx';
import type { Viewed } from '../../view/useView.ts';
import { Kind } from './kind.tsx';

const Registry = () => {
  const {
    data: kinds,
    error,
    load,
  } = useRead(async () => (await get<{ kinds: KindOfModel[] }>('/api/models')).kinds, [useVersion('models')]);
  if (error.value !== null) return <Failed error={error.value} onRetry={() => void load()} />;
  if (!kinds.value) return <Loading what="Reading the registry of models" />;
  return (
    <>
      {kinds.value.map((kind) => (
        <Kind key={kind.kind} entry={kind} onChanged={load} />
      ))}
    </>
  );
};

const share = (value: number): string => `${(100 * value).toFixed(1)} %`;

const Health = ({ from, to, view: { versions, uniformity, drifts } }: Viewed<ModelHealth>) => (
  <>
    <Bars
      title="P-values of 0.05 and less"
      about="Share of the champions’ windows. Of a model that fits it is one in twenty, the dashed line; more says that behaviour has drifted."
      {...{ from, to }}
      stacked={false}
      level={0.05}
      series={seriesOf(
        uniformity,
        ({ pipeline }) => pipeline,
        (one) => one.share,
      )}
    />
    <Table
      title="What versions scored"
      headings={['Version', 'Pipeline', 'Role', 'Windows', 'Mean score', 'p ≤ 0.01', 'p ≤ 0.05', 'Last']}
      none="No model scored anything in this time."
      rows={versions.map((one) => ({
        key: `${one.pipeline} ${one.role} ${one.modelVersion}`,
        cells: [
          one.modelVersion,
          one.pipeline,
          one.role,
          number(one.scored),
          one.meanScore.toFixed(3),
          share(one.withinOne),
          share(one.withinFive),
          when(one.lastAt),
        ],
      }))}
    />
    <Table
      title="Drift"
      headings={['Subject', 'When', 'Pipeline', 'Alert', 'Says']}
      none="No drift was seen in this time."
      rows={drifts.map((one) => ({
        key: `${one.subject} ${one.at}`,
        cells: [
          <a key="a" href={subjectPath(one.subject)}>
            {one.subject}
          </a>,
          when(one.at),
          one.pipeline,
          `${one.kind}, ${one.severity}`,
          one.summary,
        ],
      }))}
    />
  </>
);

/** Who decides and who is compared, kind by kind; versions, promotions and drift. */
const Models = () => (
  <ViewPage<ModelHealth>
    title="Models"
    lead="Who decides, who is compared beside, which versions there are, and whether they still fit."
    path="/api/models/health"
    what="modelHealth"
    above={<Registry />}
  >
    {(viewed) => <Health {...viewed} />}
  </ViewPage>
);

export default Models;
