import { Empty, Page } from '../../shell/page.tsx';

/** Subjects. */
const Subjects = () => (
  <Page title="Subjects">
    <Empty title="Nothing yet" />
  </Page>
);

export default Subjects;
