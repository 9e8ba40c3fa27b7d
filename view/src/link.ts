/**
 * The page's one connection to the server: imx-sim's own client, and what a browser does not tell it, whether the server is gone or does not want this page.
 */
import { connectView, type Notification, type Notifications, type ViewClient, ViewError } from '../../src/view/client.ts';

export interface LinkHandlers {
  notification<N extends Notification>(method: N, params: Notifications[N]): void;
  opened(client: ViewClient): void;
  /** It will be tried again. */
  lost(text: string): void;
  /** It will not. */
  refused(text: string): void;
}

/** Milliseconds before the page tries its first connection again. */
const PAUSE = 2000;

/** Opens the connection, and hears of everything that comes over it. */
export async function openLink(names: readonly Notification[], handlers: LinkHandlers): Promise<void> {
  const address = location.href.replace(/#.*/, '');
  let client: ViewClient;
  for (;;) {
    try {
      client = await connectView(address);
      break;
    } catch (error) {
      if (error instanceof ViewError && error.code === 'E_VIEW_VERSION') return handlers.refused(`${error.message}: ${error.remedy}`);
      if (await refuses()) return handlers.refused('');
      handlers.lost(error instanceof Error ? error.message : '');
      await new Promise((resolve) => setTimeout(resolve, PAUSE));
    }
  }
  for (const name of names) client.on(name, (params) => handlers.notification(name, params as never));
  client.on('status', (status) => {
    if (status === 'open') {
      handlers.notification('hello', client.hello);
      handlers.opened(client);
    } else if (status === 'lost') {
      handlers.lost('');
      void refuses().then((refused) => {
        if (!refused || client.status === 'open') return;
        client.close();
        handlers.refused('');
      });
    }
  });
  handlers.notification('hello', client.hello);
  handlers.opened(client);
}

/** A browser does not say why a socket was refused; the page's own address does. */
async function refuses(): Promise<boolean> {
  try {
    const { status } = await fetch(location.href, { method: 'HEAD', cache: 'no-store' });
    return status === 401 || status === 403 || status === 404;
  } catch {
    return false;
  }
}
