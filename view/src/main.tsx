/** Entry of the page. */
import { render } from 'preact';
import { App } from './app.tsx';
import { startKeys } from './frame/keys.ts';
import { startNavigation } from './navigation.ts';
import { PANES } from './panes.ts';
import { start } from './store.ts';
import { startTheme } from './theme.ts';
import './theme.css';
import './components/components.css';
import './components/data.css';
import './components/layers.css';

startTheme();
startNavigation(PANES.map(({ id }) => id));
startKeys();
start();
render(<App />, document.getElementById('app')!);
