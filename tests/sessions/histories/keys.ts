/** Changes of the keys that sign access tokens, by an operator. */
import { decodeProtectedHeader } from 'jose'
import { sql } from 'kysely'
import { revokeSigningKey, rotateKey } from '../../../src/keys/operate.ts'
import type { Model } from '../model.ts'
import type { Moment } from './command.ts'
import { command } from './command.ts'

const SECOND = 1000

const always = () => true

/** Past all tokens that were issued: they keep their keys, however the clock was turned. */
function turnPastTokens({ model, history }: Moment): void {
  const last = Math.max(0, ...model.accessTokens.map(({ iat }) => (iat + 1) * SECOND))
  model.now = Math.max(model.now + 1, last)
  history.world.service.clock.now = model.now
}

/** It changes nothing that the model knows. */
export const rotate = command('rotate the key', always, async (moment) => {
  turnPastTokens(moment)
  const { db, signingKeys } = moment.history.world.service.core
  // As if the next key had been published for an hour
  await sql`update signing_keys set created_at = created_at - 3600000`.execute(db)
  await rotateKey({ db, now: moment.model.now })
  await signingKeys.update()
})

const kidOf = (text: string) => (text === '' ? undefined : decodeProtectedHeader(text).kid)

/** The key of the last token that was issued. */
const latestKid = ({ accessTokens }: Readonly<Model>) =>
  kidOf(accessTokens.findLast(({ text }) => text !== '')?.text ?? '')

export const revoke = command(
  'revoke the key of the last token',
  (model) => latestKid(model) !== undefined,
  async (moment) => {
    turnPastTokens(moment)
    const { model, history } = moment
    const { db, signingKeys } = history.world.service.core
    const kid = latestKid(model)
    await revokeSigningKey({ db, now: model.now }, kid ?? '')
    await signingKeys.update()
    for (const token of model.accessTokens) if (kidOf(token.text) === kid) token.isOfRevokedKey = true
  },
)
