import { Page } from '../../shell/page.tsx';

const View = () => <Page title="keys">soon</Page>;

export default View;
