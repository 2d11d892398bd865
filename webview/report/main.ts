/** @file Entry point of the report: reads the page's data and builds the page. */
import '../shared/page.css';
import './report.css';

import * as v from 'valibot';

import { type ReportData, reportDataId, ReportDataSchema } from '../../src/protocol/report-page';
import { element } from '../shared/dom';
import { RatioMaps, shownStatistics } from '../shared/ratio-maps';
import { readTheme, type Theme, watchTheme } from '../shared/theme';
import { LossCurve } from './loss-curve';
import { dataTables, expertTable, heading, headlineList, trainedExpertTable } from './tables';

const source = document.getElementById(reportDataId)?.textContent ?? '';
const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), ReportDataSchema), source);
if (parsed.success) show(parsed.output);
else {
  const [issue] = parsed.issues;
  const where = v.getDotPath(issue) ?? 'the whole data';
  document.body.append(
    element(
      'p',
      { role: 'alert' },
      `This report cannot be shown: ${where}: ${issue.message}. Write it again with “router-lens report”.`,
    ),
  );
}

function show(data: ReportData): void {
  document.title = `${data.run.model.name} · Router Lens report`;
  const { metrics, run } = data;
  // A fine-tuning has the statistics that its experts were chosen by, which are those of another run.
  const content = run.job === 'finetune' ? undefined : data.context_dependence;
  document.body.append(heading(data), headlineList(run));
  const theme = readTheme();
  const maps = content && new RatioMaps(shownStatistics(content), theme);
  const loss = metrics.length > 0 ? new LossCurve(metrics) : undefined;
  if (maps && content) document.body.append(maps.root, expertTable(content));
  if (run.experts) document.body.append(trainedExpertTable(run.experts));
  if (loss) document.body.append(loss.root);
  document.body.append(...dataTables(run));
  const draw = (now: Theme): void => {
    maps?.draw(now);
    loss?.draw(now);
  };
  draw(theme);
  followTheme(draw, () => maps?.drawNow());
}

/** Draws again when the colour scheme changes; on paper everything is light. */
function followTheme(draw: (theme: Theme) => void, finish: () => void): void {
  watchTheme(draw);
  window.matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => draw(readTheme()));
  const onPaper = (printed: boolean): void => {
    document.body.classList.toggle('printed', printed);
    draw(readTheme());
    finish();
  };
  window.addEventListener('beforeprint', () => onPaper(true));
  window.addEventListener('afterprint', () => onPaper(false));
}
