// CommonJS, so that an old Node can read it and say that it is too old before it meets any TypeScript. And JavaScript, since
// Node would otherwise strip types before the compile cache is on: see docs/adr/0004-pinned-node.md.
const { enableCompileCache } = require('node:module')
const { resolve } = require('node:path')

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major < 22 || (major === 22 && minor < 18)) {
  console.error(
    `Rekindle needs Node 22.18 or newer, and this is ${process.version}: npm start brings its own.`,
  )
  process.exitCode = 1
} else {
  // Keeps the compiled code of each file for the next start. Node's default would be the directory for temporary files,
  // where others could have put something.
  enableCompileCache(resolve(__dirname, '../node_modules/.cache/rekindle'))
  import('./cli/main.ts').then(({ main }) => main(['serve']))
}
