/**
 * Builds dist/rekindle-client/: `rekindle/client` as a package of its own, for pages that do not run the service. It has
 * the files of dist/ under the same paths. Run by `npm run build`, after build.ts.
 */
import { copyFileSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const NAME = 'rekindle-client'
const root = fileURLToPath(new URL('..', import.meta.url))
const target = join(root, 'dist', NAME)
const read = (path: string) => readFileSync(join(root, path), 'utf8')

const { version, license, dependencies } = JSON.parse(read('package.json'))
const entry = { types: './dist/src/client/index.d.ts', default: './dist/src/client/index.js' }
const manifest = {
  name: NAME,
  version,
  description: 'Keeps the users of a Rekindle service logged in, in browsers, React Native and Node.',
  license,
  type: 'module',
  // As docs/client.md says. The service needs a newer one.
  engines: { node: '>=22' },
  sideEffects: false,
  exports: { '.': entry, './package.json': './package.json' },
  // React Native before 0.79 does not read `exports`.
  main: entry.default,
  types: entry.types,
  files: ['dist'],
  // Only its types are used.
  dependencies: { 'openapi-fetch': dependencies['openapi-fetch'] },
}

// No other page is in the package, so links to them become text.
const readme = read('docs/client.md')
  .replace(/^# .*/, `# ${NAME}`)
  .replace(/\[([^\]]+)\]\((?!https?:|#)[^)]*\)/g, '$1')

rmSync(target, { recursive: true, force: true })
for (const path of [...globSync('dist/src/client/*.{js,d.ts}', { cwd: root }), 'dist/generated/types.d.ts']) {
  mkdirSync(dirname(join(target, path)), { recursive: true })
  // The examples in comments import this package.
  writeFileSync(join(target, path), read(path).replaceAll("from 'rekindle/client'", `from '${NAME}'`))
}
copyFileSync(join(root, 'LICENSE'), join(target, 'LICENSE'))
writeFileSync(join(target, 'README.md'), readme)
writeFileSync(join(target, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`)
