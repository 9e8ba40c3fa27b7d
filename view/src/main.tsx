/** Entry of the page. */
import { render } from 'preact';
import { App } from './app.tsx';
import './theme.css';
import './components/components.css';

render(<App />, document.getElementById('app')!);
