import type { RuleAnswer } from '../../delivery/routing/rules.ts';
import type { RoutingSource } from '../../delivery/routing/source.ts';
import type { Telling } from '../../delivery/routing/told.ts';
import type { Json } from '../../platform/canonical-json.ts';
import type { Route } from '../../routing/configuration.ts';
import { matcherText } from '../../routing/matcher.ts';
import { TEST_LABEL } from '../../stack/delivery.ts';
import type { AskedTime } from './options.ts';
import type { LabelsAnswer } from './texts.ts';

export function routesJson({ configuration, places }: RoutingSource): Json {
  const routeJson = (route: Route): Json => ({
    matchers: route.matchers.map(matcherText),
    receiver: route.receiver,
    places: [...places(route.receiver)],
    continue: route.continues,
    mutedIn: [...route.mutedIn],
    activeIn: [...route.activeIn],
    routes: route.routes
      .filter(({ matchers }) => !matchers.some(({ label }) => label === TEST_LABEL))
      .map(routeJson),
  });
  return {
    route: routeJson(configuration.root),
    inhibitions: configuration.inhibitions.map(({ source, target, equal }) => ({
      source: source.map(matcherText),
      target: target.map(matcherText),
      equal: [...equal],
    })),
  };
}

export function labelsJson({ labels, times, inhibitions }: LabelsAnswer): Json {
  return {
    labels: { ...labels },
    times: times.map(({ time, told }) => ({ ...timeJson(time), told: told.map(tellingJson) })),
    inhibitions: inhibitions.map(({ source, equal, isCertain }) => ({
      source,
      equal: [...equal],
      isCertain,
    })),
  };
}

export function rulesJson(answers: readonly RuleAnswer[], times: readonly AskedTime[]): Json {
  return {
    times: times.map(timeJson),
    rules: answers.map(({ rule, at, reachesNobody }) => ({
      alert: rule.alert,
      severity: rule.valueOf('severity') ?? null,
      file: rule.file,
      ...(rule.line === undefined ? {} : { line: rule.line }),
      reachesNobody,
      at: at.map((told) => told.map(tellingJson)),
    })),
    reachNobody: answers.filter(({ reachesNobody }) => reachesNobody).length,
  };
}

function timeJson({ said, at }: AskedTime) {
  return { said, at: at.toISOString() };
}

function tellingJson({ muting, until, ...rest }: Telling) {
  return {
    ...rest,
    places: [...rest.places],
    when: [...rest.when],
    ...(muting
      ? { mutedBy: [...muting.by], isOutside: muting.isOutside, until: until?.toISOString() ?? null }
      : {}),
  };
}
