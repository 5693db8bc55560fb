import { resolve } from 'node:path'
import { adoptionNotice } from '../config/adoption.ts'
import type { Secrets, Settings } from '../config/settings.ts'
import type { Core } from '../http/core.ts'
import type { Listener } from '../http/server/listen.ts'
import { findUserByName } from '../store/queries/users.ts'

/** Says where the service listens: a start screen, in production a line of the log. */
export async function announce(core: Core, secrets: Secrets, { url }: Listener): Promise<void> {
  const { settings, log } = core
  const { database } = settings
  const data = database.dialect === 'sqlite' ? resolve(database.file) : 'PostgreSQL'
  const adoption = adoptionNotice(settings, core.now())
  if (settings.production) {
    log.info({ url, data }, 'listening')
    if (adoption !== undefined) log[adoption.isOver ? 'warn' : 'info'](adoption.text)
    return
  }
  // A page of a development server is mostly on localhost, and for browsers 127.0.0.1 is another site.
  const home = url.replace(/\/\/(127\.0\.0\.1|\[::1\]):/, '//localhost:')
  console.log(`
  Rekindle listens on  ${home}
  Docs                 ${home}/docs
  Data                 ${data}${secrets.file === undefined ? '' : `\n  Secret               ${resolve(secrets.file)}`}${unlimited(settings)}${adoption === undefined ? '' : `\n  Moving in            ${adoption.text}`}
${await trial(core, home)}`)
}

/** A command that works: a second start finds the user of the first. */
async function trial({ db, settings }: Core, home: string): Promise<string> {
  const isRegistered = (await findUserByName(db, 'ada')) !== undefined
  if (!isRegistered && settings.registration === 'closed') return ''
  return `
  Try it:
    curl ${home}/api/auth/${isRegistered ? 'login' : 'register'} -H 'Content-Type: application/json' \\
      -d '{"username": "ada", "password": "correct horse battery staple"}'
`
}

function unlimited({ limits }: Settings): string {
  const off = [
    ...(limits.registerAddress ? [] : ['registrations']),
    ...(limits.passwordAddress ? [] : ['password changes']),
  ]
  return off.length === 0 ? '' : `\n  Not limited          ${off.join(' and ')}, unless NODE_ENV=production`
}
