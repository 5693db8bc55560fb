/**
 * Makes dist/, what others install: a mirror of this repository, so that all paths between files hold, as JavaScript
 * with declarations. Run by `npm run build`, and by `npm pack` before it packs.
 */
import { execFileSync } from 'node:child_process'
import { chmodSync, copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const dist = join(root, 'dist')

rmSync(dist, { recursive: true, force: true })
const tsc = join(root, 'node_modules/typescript/bin/tsc')
execFileSync(process.execPath, [tsc, '-p', join(root, 'tsconfig.build.json')], { stdio: 'inherit' })

copyFileSync(join(root, 'generated/openapi.json'), join(dist, 'generated/openapi.json'))
chmodSync(join(dist, 'src/cli/rekindle.js'), 0o755)

// TypeScript puts all of package.json here. Its code needs the version of it, and Node the type.
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
writeFileSync(join(dist, 'package.json'), `${JSON.stringify({ type: 'module', version }, null, 2)}\n`)

// What /docs loads, and its licence. The package itself would bring a script that reports installations.
mkdirSync(join(dist, 'swagger-ui'))
for (const name of ['swagger-ui.css', 'swagger-ui-bundle.js', 'LICENSE', 'NOTICE']) {
  copyFileSync(join(root, 'node_modules/swagger-ui-dist', name), join(dist, 'swagger-ui', name))
}
