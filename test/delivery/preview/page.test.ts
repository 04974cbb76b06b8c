import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { messagePage, readMessage } from '../../../src/delivery/cards/message-page.ts';
import { previewPage } from '../../../src/delivery/preview/page.ts';
import type { PreviewReport, SentMessage } from '../../../src/delivery/preview/report.ts';
import { receiverPlugins } from '../../../src/receivers/registry.ts';
import { assertHarmless, tagsOf } from '../cards/markup.ts';

const facts = { stack: 'rathaus', environment: 'staging', madeAt: new Date('2026-11-27T09:00:00Z') };

function sent(changes: Partial<SentMessage['message']> = {}, more: Partial<SentMessage> = {}): SentMessage {
  const message = {
    type: 'webhook',
    path: '/webhook',
    headers: { 'user-agent': 'Alertmanager/0.31.1' },
    body: '{"status":"firing"}',
    replyStatus: 200,
    accepted: true,
    problems: [],
    title: 'title',
    text: 'text',
    ...changes,
  };
  return {
    case: 'firing',
    outcome: message.accepted ? 'accepted' : 'refused',
    message,
    findings: [],
    ...more,
  };
}

function reportOf(...cases: PreviewReport['integrations'][number]['cases']): PreviewReport {
  return {
    alertmanager: '0.31.1',
    exit: 0,
    integrations: [{ receiver: 'on-call', type: 'webhook', index: 0, place: '#alerts', cases }],
    notShown: [{ receiver: 'team', type: 'telegram', index: 0, why: 'because' }],
    elapsedMs: 1,
  };
}

/** Without its style, which is ours. */
const markupOf = (page: string) => page.replace(/<style>.*<\/style>/s, '');

describe('the page of a preview', () => {
  it('is one file that loads nothing and runs nothing', () => {
    const page = previewPage(reportOf(sent()), { ...facts, language: 'en' });
    const tags = tagsOf(markupOf(page));
    assertHarmless(tags);
    const policy = tags.find(({ attributes }) => attributes['http-equiv'] === 'Content-Security-Policy');
    expect(policy?.attributes['content']).toContain('default-src &#39;none&#39;');
    expect(policy?.attributes['content']).not.toMatch(/script-src|frame-src|https?:/);
    expect(page).not.toMatch(/url\(|@import|<script/);
  });

  it('says what was not shown, what would be refused, and what is worth knowing', () => {
    const page = previewPage(
      reportOf(
        sent({ accepted: false, problems: ['no <b>'] }, { findings: ['the `title` is cut'] }),
        sent({}, { case: 'many', findings: ['the `title` is cut', 'only here'] }),
        { case: 'resolved', outcome: 'silent', why: 'off' },
        { case: 'bare', outcome: 'failed', why: 'a template' },
      ),
      { ...facts, language: 'en' },
    );
    for (const text of [
      'team telegram[0]: because',
      'The provider would refuse this message.',
      'no &lt;b&gt;',
      'the <code>title</code> is cut',
      'Nothing is sent.',
      'No message came out.',
      '2 messages',
      '2 warnings',
      '2 mistakes',
    ])
      expect(page).toContain(text);
    expect(page.match(/is cut/g)).toHaveLength(1);
  });

  it('speaks the language of the stack', () => {
    const page = previewPage(reportOf(sent()), { ...facts, language: 'de' });
    expect(page).toContain('<html lang="de">');
    expect(page).toContain('Ein Alarm wird ausgelöst');
    expect(page).toContain('Genau so gesendet');
  });

  it('stays ours whatever a message, a place or a name holds', () => {
    const text = fc.oneof(
      fc.constantFrom('<script>alert(1)</script>', '"><b>', "'--><!--", '`</code>`', '</title><script>'),
      fc.constantFrom('__proto__', 'constructor'),
      fc.string({ unit: 'binary' }),
    );
    fc.assert(
      fc.property(text, text, text, (one, two, three) => {
        const report = reportOf(
          sent(
            {
              type: one,
              path: two,
              headers: { [two]: three },
              body: one,
              title: two,
              text: three,
              problems: [one],
            },
            { findings: [two] },
          ),
        );
        const [integration] = report.integrations;
        const hostile = integration && { ...integration, receiver: one, type: two, place: three };
        const page = previewPage(
          {
            ...report,
            integrations: hostile ? [hostile] : [],
            notShown: [{ receiver: one, type: two, index: 0, why: three }],
          },
          { ...facts, stack: one, environment: two, language: 'en' },
        );
        assertHarmless(tagsOf(markupOf(page)));
      }),
    );
  });
});

describe('the page of one message of the inbox', () => {
  it.each(receiverPlugins.filter(({ sandbox }) => sandbox).map(({ type }) => type))(
    'stays ours whatever came as %s',
    async (type) => {
      await fc.assert(
        fc.asyncProperty(fc.oneof(fc.string({ unit: 'binary' }), fc.json()), async (body) => {
          const message = {
            ...sent().message,
            id: 1,
            receivedAt: '2026-11-27T09:00:00.000Z',
            recipient: '',
            status: 'unknown' as const,
            type,
            body,
          };
          const page = messagePage(await readMessage(message, receiverPlugins), 'en');
          assertHarmless(tagsOf(markupOf(page)));
        }),
      );
    },
  );
});
