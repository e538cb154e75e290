import { Page } from '../../shell/page.tsx';

const View = () => <Page title="provisioning">soon</Page>;

export default View;
