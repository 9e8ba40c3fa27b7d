/** The tables pane: resource table, device tree, findings, the firmware's file. */
import { useEffect, useState } from 'preact/hooks';
import { EmptyState, type Tab, Tabs } from '../../components/index.ts';
import type { Pane } from '../../panes.ts';
import { mode, overview, want } from '../../store.ts';
import { DeviceTree } from './device-tree.tsx';
import { Findings } from './findings.tsx';
import { Firmware } from './firmware.tsx';
import { ResourceTable } from './resource-table.tsx';
import './tables.css';

type TabId = 'resources' | 'tree' | 'findings' | 'firmware';

const KNOWN: readonly TabId[] = ['resources', 'tree', 'findings', 'firmware'];

function Component({ detail }: { readonly detail: Readonly<Record<string, string>> }) {
  const [tab, setTab] = useState<TabId>('resources');
  useEffect(() => want('overview'), []);
  useEffect(() => {
    const wanted = KNOWN.find((id) => id === detail['tab']);
    if (wanted !== undefined) setTab(wanted);
    else if (detail['path'] !== undefined) setTab('tree');
    else if (detail['finding'] !== undefined) setTab('findings');
  }, [detail]);
  if (mode.value === 'trace') {
    return (
      <EmptyState title="A trace has no tables" icon="tables">
        <p>They are there in a live run: imx-sim run firmware.elf --view.</p>
      </EmptyState>
    );
  }
  const findings = overview.value?.findings ?? [];
  const errors = findings.some(({ severity }) => severity === 'error');
  const tabs: readonly Tab[] = [
    { id: 'resources', title: 'Resource table' },
    { id: 'tree', title: 'Device tree' },
    {
      id: 'findings',
      title: (
        <>Findings {findings.length > 0 && <span class={errors ? 'cpu-count cpu-count-error' : 'cpu-count'}>{findings.length}</span>}</>
      ),
    },
    { id: 'firmware', title: 'Firmware' },
  ];
  return (
    <section class="tables-pane">
      <Tabs label="Tables" tabs={tabs} selected={tab} onSelect={(id) => setTab(id as TabId)} />
      <div class="tables-panel" role="tabpanel">
        {tab === 'resources' && <ResourceTable />}
        {tab === 'tree' && <DeviceTree path={detail['path']} />}
        {tab === 'findings' && <Findings />}
        {tab === 'firmware' && <Firmware />}
      </div>
    </section>
  );
}

export const tables: Pane = { id: 'tables', title: 'Tables', key: '8', component: Component };
