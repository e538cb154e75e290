import { Empty, Page } from '../../shell/page.tsx';

/** Investigations. */
const Investigations = () => (
  <Page title="Investigations">
    <Empty title="Nothing yet" />
  </Page>
);

export default Investigations;
