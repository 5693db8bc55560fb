/** A real nginx with the lines of `docs/client.md`. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import type { TestContext } from 'node:test'
import { freePort } from '../bench/throughput/process.ts'
import { blocksOf, sectionOf } from '../docs/pages.ts'
import { temporaryDirectory } from '../docs/walk.ts'
import { start } from '../support/program.ts'
import type { Service } from '../support/service.ts'
import { until } from '../support/until.ts'

const PATH = [process.env['PATH'], '/usr/sbin', '/usr/local/sbin'].join(delimiter)
export const isInstalled = spawnSync('nginx', ['-v'], { env: { PATH } }).status === 0
export const [atRoot = '', belowPrefix = ''] = blocksOf(sectionOf('docs/client.md', 'Behind nginx'), 'nginx')

/** @returns the port of nginx */
export async function startNginx(
  t: Pick<TestContext, 'after'>,
  service: Pick<Service, 'url'>,
  locations: string,
): Promise<number> {
  const directory = temporaryDirectory(t)
  const port = await freePort()
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `${name}_temp_path ${directory}/${name};`)
    .join(' ')
  const server = locations.replaceAll('127.0.0.1:8787', new URL(service.url).host)
  // As root, nginx would give up the rights to its directory.
  const user = process.getuid?.() === 0 ? 'user root;' : ''
  writeFileSync(
    join(directory, 'nginx.conf'),
    `${user} daemon off; pid ${directory}/pid; error_log stderr; worker_processes 1; events {}
    http { access_log off; ${temporary} server { listen 127.0.0.1:${port}; ${server} } }`,
  )
  mkdirSync(join(directory, 'logs'))
  const child = start(
    ['-p', directory, '-c', join(directory, 'nginx.conf'), '-e', 'stderr'],
    { PATH },
    'nginx',
  )
  t.after(() => child.kill())
  let errors = ''
  child.stderr.on('data', (chunk: Buffer) => {
    errors += chunk.toString()
  })
  await until(
    () => fetch(`http://127.0.0.1:${port}/`).then(Boolean, () => false),
    () => `nginx does not start: ${errors}`,
  )
  return port
}
