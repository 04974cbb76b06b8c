import { SLACK_WORDS, slackAnswer, type SlackPlaces } from '../../receivers/slack/answers.ts';
import type { Target } from '../target.ts';
import { type Fix, hostOf, previewOf, secretOf, settingOf, statusIn, thenApply } from './fix.ts';

function placesOf(target: Target): SlackPlaces {
  return {
    secret: secretOf(target),
    afterwards: thenApply(target),
    channel: settingOf('channel', target),
    preview: previewOf(target),
  };
}

const byWord = (word: string): Fix[1] => {
  const answer = slackAnswer(word);
  if (!answer) throw new TypeError(`Slack has no word ${word}`);
  return (target) => `${answer.meaning}: ${answer.fix(placesOf(target))}`;
};

export const SLACK_FIXES: readonly Fix[] = [
  ...SLACK_WORDS.map((word): Fix => [new RegExp(`\\b${word}\\b`), byWord(word)]),
  [
    /received an error response|<html|<!doctype|html page/i,
    (target) =>
      `something else than Slack answered in its place: a proxy or its login page. Let ${hostOf(target)} through, or name the proxy in ${settingOf('proxy_url', target)}`,
  ],
  // A status without a word: as the documented word of that status.
  [statusIn('410'), byWord('channel_is_archived')],
  [statusIn('413'), byWord('msg_too_long')],
  [statusIn('429', 'rateLimited'), byWord('rate_limited')],
  [statusIn('40[134]', 'authError'), byWord('no_service')],
  [statusIn('5\\d\\d', 'serverError'), byWord('rollup_error')],
];
