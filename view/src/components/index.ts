/** What panes are made of. Import './components.css' is done by the page. */
export { baseName, Hex, PlaceLink } from './address.tsx';
export { Badge, type Hue, Lamp } from './badge.tsx';
export { BesideOrBelow } from './beside-or-below.tsx';
export { Button, Field, IconButton, Select, Spacer, Toolbar } from './button.tsx';
export { copyText } from './clipboard.ts';
export { Dialog } from './dialog.tsx';
export { Icon, type IconName } from './icons.tsx';
export { SplitPane } from './split-pane.tsx';
export { EmptyState, ErrorState, Loading } from './states.tsx';
export { type Column, Table } from './table.tsx';
export { type Tab, Tabs } from './tabs.tsx';
export { Tooltip } from './tooltip.tsx';
