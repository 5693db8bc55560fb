// CommonJS, so that an old Node can report its version before it reads any TypeScript. JavaScript, because Node would strip
// types before the compile cache is enabled: see docs/adr/0004-pinned-node.md.
const { enableCompileCache } = require('node:module')
const { resolve } = require('node:path')
const { isNodeRecent } = require('./node-version.cjs')

if (isNodeRecent()) {
  // Keeps compiled code for the next start. Node's default is the directory for temporary files, where other users could
  // plant code.
  enableCompileCache(resolve(__dirname, '../node_modules/.cache/rekindle'))
  import('./cli/main.ts').then(({ main }) => main(['serve']))
}
