/** The typed client of the view's protocol, for pages, tools and tests. */
export { PROTOCOL_VERSION } from './protocol.ts';
