import { Page } from '../../shell/page.tsx';

const View = () => <Page title="models">soon</Page>;

export default View;
