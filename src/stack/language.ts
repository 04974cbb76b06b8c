/** Of what people receive: messages and alert texts. Codes, JSON and metrics are English always. */
export const LANGUAGES = ['en', 'de'] as const;
export type Language = (typeof LANGUAGES)[number];
