import { Empty, Page } from '../../shell/page.tsx';

/** Subject. */
const Subject = () => (
  <Page title="Subject">
    <Empty title="Nothing yet" />
  </Page>
);

export default Subject;
