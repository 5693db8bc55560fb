/**
 * Builds dist/rekindle-client/: `rekindle/client` and `rekindle/verify` as a package of their own, for pages and APIs that do
 * not run the service. It has
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
const entryOf = (room: string) => ({
  types: `./dist/src/${room}/index.d.ts`,
  default: `./dist/src/${room}/index.js`,
})
const entry = entryOf('client')
const manifest = {
  name: NAME,
  version,
  description: 'Keeps the users of a Rekindle service logged in, in browsers, React Native and Node.',
  license,
  type: 'module',
  // As docs/client.md says. The service needs a newer one.
  engines: { node: '>=22' },
  sideEffects: false,
  exports: { '.': entry, './verify': entryOf('verify'), './package.json': './package.json' },
  // React Native before 0.79 does not read `exports`.
  main: entry.default,
  types: entry.types,
  files: ['dist'],
  // Of openapi-fetch only the types are used. Pages do not load jose, which is of `rekindle-client/verify`.
  dependencies: { jose: dependencies.jose, 'openapi-fetch': dependencies['openapi-fetch'] },
}

// No other page is in the package, so links to them become text.
const readme = read('docs/client.md')
  .replace(/^# .*/, `# ${NAME}`)
  .replace(/\[([^\]]+)\]\((?!https?:|#)[^)]*\)/g, '$1')

rmSync(target, { recursive: true, force: true })
for (const path of [
  ...globSync('dist/src/{client,verify}/*.{js,d.ts}', { cwd: root }),
  'dist/generated/types.d.ts',
]) {
  mkdirSync(dirname(join(target, path)), { recursive: true })
  // The examples in comments import this package.
  writeFileSync(
    join(target, path),
    read(path)
      .replaceAll("from 'rekindle/client'", `from '${NAME}'`)
      .replaceAll("from 'rekindle/verify'", `from '${NAME}/verify'`),
  )
}
copyFileSync(join(root, 'LICENSE'), join(target, 'LICENSE'))
writeFileSync(join(target, 'README.md'), readme)
writeFileSync(join(target, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`)
