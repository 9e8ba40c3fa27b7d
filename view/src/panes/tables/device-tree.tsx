/** The device tree that Linux has: a tree with search, properties, and links along phandles. */
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { TreeNodeView } from '../../../../src/view/protocol.ts';
import { Badge, BesideOrBelow, Button, copyText, EmptyState, ErrorState, Field, Loading, Toolbar } from '../../components/index.ts';
import { useBox } from '../../components/use-box.ts';
import { reveal, visibleRows } from '../../components/virtual-rows.ts';
import { useLive } from '../cpu/live.ts';
import { ancestors, countNodes, linkedValue, nodeAt, type References, references, type TreeRow, treeRows } from './tree.ts';

const ROW = 1.6;

export function DeviceTree({ path }: { readonly path: string | undefined }) {
  const live = useLive('linux.deviceTree', {}, false);
  const { data: root } = live;
  if (root === undefined) {
    if (live.error === undefined) return <Loading what="Reading the device tree" />;
    return (
      <ErrorState title="The device tree cannot be read" retry={live.reload}>
        <p>{live.error}</p>
      </ErrorState>
    );
  }
  if (root === null) {
    return (
      <EmptyState title="No device tree" icon="tables">
        <p>No Linux runs beside the firmware in this run, so nobody reads a device tree. Start it without --no-linux to see one.</p>
      </EmptyState>
    );
  }
  return <Tree root={root} path={path} />;
}

function Tree({ root, path }: { readonly root: TreeNodeView; readonly path: string | undefined }) {
  const [open, setOpen] = useState<ReadonlySet<string>>(
    () => new Set(['/', root.path, ...root.children.filter(({ name }) => /^(reserved-memory|imx8)/.test(name)).map((each) => each.path)]),
  );
  const [word, setWord] = useState('');
  const [selected, setSelected] = useState(root.path);
  const [scrollTop, setScrollTop] = useState(0);
  const { element: list, height, rem, ref } = useBox<HTMLDivElement>();
  const outer = useBox<HTMLDivElement>();
  const rowHeight = Math.max(1, Math.round(ROW * rem));
  const rows = useMemo(() => treeRows(root, open, word), [root, open, word]);
  const known = useMemo(() => references(root), [root]);
  const total = useMemo(() => countNodes(root), [root]);
  const node = nodeAt(root, selected) ?? root;
  const history = useRef<string[]>([]);
  const aim = useRef<string | undefined>(undefined);

  const goTo = (to: string, link = true) => {
    if (link && selected !== to) history.current.push(selected);
    setWord('');
    setOpen((old) => new Set([...old, ...ancestors(to)]));
    setSelected(to);
    aim.current = to;
  };
  useEffect(() => {
    if (path !== undefined && known.paths.has(path)) goTo(path, false);
  }, [path]);
  useEffect(() => {
    const at = aim.current === undefined ? -1 : rows.findIndex((row) => row.node.path === aim.current);
    if (at === -1 || list.current === null) return;
    aim.current = undefined;
    list.current.scrollTop = reveal(at, list.current.scrollTop, list.current.clientHeight, rowHeight, rows.length, 2);
  }, [rows, selected]);

  const toggle = (row: TreeRow) => {
    const next = new Set(open);
    if (row.open) next.delete(row.node.path);
    else next.add(row.node.path);
    setOpen(next);
  };
  const key = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const at = rows.findIndex((row) => row.node.path === selected);
    const row = rows[at];
    const page = Math.max(1, Math.floor(height / rowHeight) - 1);
    const moves: Record<string, number> = {
      ArrowUp: at - 1,
      ArrowDown: at + 1,
      PageUp: at - page,
      PageDown: at + page,
      Home: 0,
      End: rows.length - 1,
    };
    const to = moves[event.key];
    if (to !== undefined && rows.length > 0) choose(Math.max(0, Math.min(rows.length - 1, to)));
    else if (event.key === 'ArrowRight' && row !== undefined && !row.leaf) {
      if (row.open) choose(at + 1);
      else toggle(row);
    } else if (event.key === 'ArrowLeft' && row !== undefined) {
      if (row.open && word === '') toggle(row);
      else choose(rows.findLastIndex((other, index) => index < at && other.depth < row.depth));
    } else if ((event.key === 'Enter' || event.key === ' ') && row !== undefined) toggle(row);
    else if (event.key === 'Backspace') back();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const choose = (index: number) => {
    const row = rows[index];
    if (row === undefined) return;
    setSelected(row.node.path);
    const element = list.current!;
    element.scrollTop = reveal(index, element.scrollTop, element.clientHeight, rowHeight, rows.length, 1);
  };
  const back = () => {
    const before = history.current.pop();
    if (before !== undefined) goTo(before, false);
  };
  const span = visibleRows(scrollTop, height, rowHeight, rows.length);
  const everything = () => {
    const all = new Set<string>();
    const walk = (each: TreeNodeView) => {
      all.add(each.path);
      each.children.forEach(walk);
    };
    walk(root);
    setOpen(all);
  };
  const hits = rows.filter(({ hit }) => hit).length;
  const tree = (
    <div class="tables-tree">
      <Toolbar label="Device tree">
        <Field
          label="Search the device tree"
          type="search"
          placeholder="node, property or value"
          value={word}
          onInput={setWord}
          class="tables-search"
        />
        <span class="muted">{word.trim() === '' ? `${total} nodes` : `${hits} of ${total} nodes`}</span>
        <span class="spacer" />
        <Button kind="quiet" onClick={everything}>
          Open all
        </Button>
        <Button kind="quiet" onClick={() => setOpen(new Set([root.path]))}>
          Close all
        </Button>
      </Toolbar>
      <div
        ref={ref}
        class="tables-rows"
        role="tree"
        tabIndex={0}
        aria-label="Device tree"
        aria-activedescendant={`tables-node-${rows.findIndex((row) => row.node.path === selected)}`}
        onScroll={() => setScrollTop(list.current?.scrollTop ?? 0)}
        onKeyDown={key}
      >
        {rows.length === 1 && word.trim() !== '' && hits === 0 && (
          <EmptyState title="Nothing in the tree has that" icon="search">
            <p>Names of nodes and properties, and values as they are written, are searched.</p>
          </EmptyState>
        )}
        <div role="none" style={{ height: `${rows.length * rowHeight}px` }}>
          {rows.slice(span.from, span.to).map((row, index) => {
            const at = span.from + index;
            return (
              <div
                key={row.node.path}
                id={`tables-node-${at}`}
                role="treeitem"
                tabIndex={-1}
                aria-level={row.depth + 1}
                aria-expanded={row.leaf ? undefined : row.open}
                aria-selected={row.node.path === selected}
                class={`tables-node${row.hit ? ' tables-node-hit' : ''}`}
                style={{ top: `${at * rowHeight}px`, height: `${rowHeight}px`, paddingLeft: `${0.6 + row.depth * 1.15}rem` }}
                onClick={() => {
                  if (row.node.path === selected && !row.leaf) toggle(row);
                  setSelected(row.node.path);
                }}
                onKeyDown={() => {}}
              >
                <span class={`tables-arrow${row.leaf ? ' tables-arrow-leaf' : ''}${row.open ? ' tables-arrow-open' : ''}`} />
                <span class="tables-node-name">{row.depth === 0 ? '/' : row.node.name}</span>
                <Compatible node={row.node} />
              </div>
            );
          })}
        </div>
      </div>
    </div>
  );
  const properties = <Properties node={node} known={known} onGo={goTo} onBack={back} />;
  return (
    <div class="tables-fill" ref={outer.ref}>
      <BesideOrBelow id="tables.tree" box={outer} from={56} beside={0.46} below={0.5} first={tree} second={properties} />
    </div>
  );
}

function property(node: TreeNodeView, name: string): string | undefined {
  return node.properties.find((each) => each.name === name)?.value;
}

function Compatible({ node }: { readonly node: TreeNodeView }) {
  const compatible = property(node, 'compatible');
  const status = property(node, 'status')?.replaceAll('"', '');
  return (
    <>
      {compatible !== undefined && <span class="tables-compatible">{compatible.split(',"')[0]!.replaceAll('"', '').split(', ')[0]}</span>}
      {status !== undefined && !/^(okay|ok)$/.test(status) && <Badge>{status}</Badge>}
    </>
  );
}

function Properties(props: {
  readonly node: TreeNodeView;
  readonly known: References;
  readonly onGo: (path: string) => void;
  readonly onBack: () => void;
}) {
  const { node, known } = props;
  const text = () =>
    [
      `${node.name || '/'} {`,
      ...node.properties.map(({ name, value }) => (value === '' ? `\t${name};` : `\t${name} = ${value};`)),
      '};',
    ].join('\n');
  return (
    <div class="tables-properties">
      <header class="tables-head">
        <h3 class="mono tables-path">{node.path}</h3>
        <span class="spacer" />
        <Button kind="quiet" icon="left" onClick={props.onBack} tip="back to the node before (Backspace)">
          Back
        </Button>
        <Button kind="quiet" icon="copy" onClick={() => void copyText(text())}>
          Copy
        </Button>
      </header>
      {node.properties.length === 0 && <p class="cpu-note">This node has no properties.</p>}
      <dl class="tables-property-list">
        {node.properties.map(({ name, value }) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>
              {value === '' ? (
                <span class="muted">present</span>
              ) : (
                linkedValue(name, value, known).map((part, index) =>
                  part.path === undefined ? (
                    part.text
                  ) : (
                    <button key={index} type="button" class="cpu-link mono" data-tip={part.path} onClick={() => props.onGo(part.path!)}>
                      {part.text}
                      {!part.text.includes('/') && <span class="tables-target"> {part.path.split('/').pop()}</span>}
                    </button>
                  ),
                )
              )}
            </dd>
          </div>
        ))}
      </dl>
    </div>
  );
}
