import { Empty, Page } from '../../shell/page.tsx';

/** Queue. */
const Queue = () => (
  <Page title="Queue">
    <Empty title="Nothing yet" />
  </Page>
);

export default Queue;
