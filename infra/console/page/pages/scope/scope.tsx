import { Page } from '../../shell/page.tsx';

const View = () => <Page title="scope">soon</Page>;

export default View;
