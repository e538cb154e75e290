import { Empty, Page } from '../../shell/page.tsx';

/** Investigation. */
const Investigation = () => (
  <Page title="Investigation">
    <Empty title="Nothing yet" />
  </Page>
);

export default Investigation;
