/** The bundle that rolldown makes of just-bash; its types are in just-bash.ts. */
declare module '#just-bash' {
  const module: unknown;
  export default module;
}
