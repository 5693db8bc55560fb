import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'

async function bundle(target: string | string[]): Promise<Uint8Array> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL('../../src/client/index.ts', import.meta.url))],
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target,
    write: false,
  })
  return outputFiles[0]?.contents ?? new Uint8Array()
}

test('the client is under 6 kB, minified and gzipped, with all that it needs', async (t) => {
  const size = gzipSync(await bundle('es2022'), { level: 9 }).length
  t.diagnostic(`${size} bytes`)
  assert.ok(size > 1000 && size < 6000, `${size} bytes`)
})

test('its syntax is that of the browsers that docs/client.md names', async () => {
  const [all, older] = [await bundle('es2022'), await bundle(['chrome91', 'firefox80', 'safari15'])]
  assert.equal(Buffer.compare(all, older), 0)
})
