import type { Generator } from './generator.ts'

export const oazapfts: Generator = {
  files: {
    'program.ts': `
      import { defaults, login, logout, me, refreshToken, register } from './api'

      const bearer = (token: string | undefined) => ({ headers: { Authorization: 'Bearer ' + token } })

      export async function walk(baseUrl: string, username: string, password: string) {
        defaults.baseUrl = baseUrl
        await register({ username, password })
        const wrong = await login({ username, password: 'not this one' })
        if (wrong.status !== 401) throw new Error('another answer')
        const { code, message } = wrong.data
        const word = wrong.headers.get('Rekindle-Error')
        const opened = await login({ username, password })
        if (opened.status !== 200) throw new Error(opened.data.message)
        const user = await me(bearer(opened.data.data.access_token))
        if (user.status !== 200) throw new Error(user.data.message)
        const refreshed = await refreshToken(bearer(opened.data.data.refresh_token))
        if (refreshed.status !== 200) throw new Error(refreshed.data.message)
        const token = refreshed.data.data.refresh_token
        // @ts-expect-error
        refreshed.data.data.nothing
        const ended = await logout(bearer(token))
        if (ended.status !== 200) throw new Error(ended.data.message)
        return {
          username: user.data.data.username,
          refused: { status: code, message, word },
          tokens: [opened.data.data.refresh_token, token],
          message: ended.data.data.message,
        }
      }`,
  },
  commands: [['oazapfts', 'CONTRACT', 'api.ts']],
}
