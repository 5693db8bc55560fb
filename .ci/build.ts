/**
 * Builds dist/, the published package: JavaScript and declarations in the directories of this repository, so that paths
 * between files stay valid. Run by `npm run build` and before `npm pack`.
 */
import { execFileSync } from 'node:child_process'
import { chmodSync, copyFileSync, cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const dist = join(root, 'dist')

rmSync(dist, { recursive: true, force: true })
const tsc = join(root, 'node_modules/typescript/bin/tsc')
execFileSync(process.execPath, [tsc, '-p', join(root, 'tsconfig.build.json')], { stdio: 'inherit' })

for (const name of ['openapi.json', 'openapi-3.0.json'])
  copyFileSync(join(root, 'generated', name), join(dist, 'generated', name))
chmodSync(join(dist, 'src/cli/rekindle.js'), 0o755)

// TypeScript copies the whole package.json. The code needs its version, and Node its type.
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
writeFileSync(join(dist, 'package.json'), `${JSON.stringify({ type: 'module', version }, null, 2)}\n`)

// The compiler copies no HTML, CSS and JavaScript.
cpSync(join(root, 'src/http/docs'), join(dist, 'src/http/docs'), { recursive: true })

// The other files of /docs and their licences. As a dependency, swagger-ui-dist would run a script that reports installations.
mkdirSync(join(dist, 'swagger-ui'))
for (const name of ['swagger-ui.css', 'swagger-ui-bundle.js', 'LICENSE', 'NOTICE']) {
  copyFileSync(join(root, 'node_modules/swagger-ui-dist', name), join(dist, 'swagger-ui', name))
}
