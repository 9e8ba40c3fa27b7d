/** Files whose address Vite gives when they are imported with `?url`. */
declare module '*?url' {
  const url: string;
  export default url;
}
