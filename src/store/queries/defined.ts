type Defined<Values> = { [Key in keyof Values]?: Exclude<Values[Key], undefined> }

/** The columns that have a value, for a filter whose parts are optional: `eb.and(defined({ user_id: userId }))`. */
export const defined = <Values extends object>(values: Values): Defined<Values> =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Defined<Values>
