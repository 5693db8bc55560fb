// An old Node reads this file as CommonJS, and gets to say that it is too old before it meets any TypeScript. So there
// are no import statements here. Nor is it TypeScript: to strip its own types Node takes a ninth of a start and 12 MiB, and
// those of all others it finds in its cache. See docs/adr/0004-pinned-node.md.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major < 22 || (major === 22 && minor < 18)) {
  console.error(
    `Rekindle needs Node 22.18 or newer, and this is ${process.version}: npm start brings its own.`,
  )
  process.exitCode = 1
} else {
  // What Node makes of each file is kept for the next start. Not in the directory for temporary files, which is Node's
  // default: somebody else could have put something there.
  const [, script = ''] = process.argv
  Promise.all([import('node:module'), import('node:path')])
    .then(([{ enableCompileCache }, { resolve }]) =>
      enableCompileCache(resolve(script, '../../node_modules/.cache/rekindle')),
    )
    .then(() => import('./cli/main.ts'))
    .then(({ main }) => main(['serve']))
}
