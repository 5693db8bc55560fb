// The command in a checkout: `npm run rekindle`. The package has src/cli/rekindle.ts, compiled.
const { isNodeRecent } = require('./node-version.cjs')

if (isNodeRecent()) import('./cli/main.ts').then(({ main }) => main(process.argv.slice(2)))
