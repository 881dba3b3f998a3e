/** One row a step: switch, threshold, what is left of the samples, what it took out. */
import { Switch } from '@mantine/core';
import type { CleaningSettings } from '../../recipe/cleaning';
import type { TextReport } from '../../worker/protocol';
import { formatBytes, formatCount } from '../charts/format';
import { CleaningSummary } from './CleaningSummary';
import { percent, stepRows, withStep, type StepRow } from './steps';
import { Threshold, type ThresholdProps } from './Thresholds';
import { useCleaningSettings } from './useCleaningSettings';

function StepLine({ row, loaded, settings, change }: ThresholdProps & { row: StepRow; loaded: number }) {
  const taken = row.samplesIn - row.samplesOut;
  const width = (samples: number) => `${loaded === 0 ? 0 : (100 * samples) / loaded}%`;
  return (
    <tr className={row.stale ? 'stale' : ''}>
      <th scope="row">
        <Switch
          size="xs"
          label={row.label}
          checked={row.on}
          onChange={(event) => change(withStep(settings, row.id, event.currentTarget.checked))}
        />
      </th>
      <td>
        <div className="clean-threshold">
          {row.on ? (
            <Threshold step={row.id} settings={settings} change={change} />
          ) : (
            <span className="small faint">off</span>
          )}
        </div>
      </td>
      <td>
        {row.on && (
          <div className="clean-bar" aria-hidden="true">
            <i className="kept" style={{ width: width(row.samplesOut) }} />
            <i className="gone" style={{ width: width(taken) }} />
          </div>
        )}
      </td>
      <td className="num">{formatCount(row.samplesOut)}</td>
      <td className="num muted">{row.on ? `−${formatCount(taken)}` : '–'}</td>
      <td className="num muted">{row.on ? `−${percent(row.share)}` : '–'}</td>
      <td className="num">{formatBytes(row.bytesOut)}</td>
    </tr>
  );
}

export function StepsTable({ report, settings }: { report: TextReport; settings: CleaningSettings }) {
  const { change } = useCleaningSettings();
  const cleaning = report.cleaning!;
  const rows = stepRows(cleaning, settings);
  return (
    <>
      <table className="clean-table">
        <thead>
          <tr>
            <th scope="col">Step</th>
            <th scope="col">Setting</th>
            <th scope="col">
              Samples left <span className="faint">hatched: taken out by this step</span>
            </th>
            <th scope="col" className="num">
              Left
            </th>
            <th scope="col" className="num">
              Taken out
            </th>
            <th scope="col" className="num">
              of what came in
            </th>
            <th scope="col" className="num">
              Bytes left
            </th>
          </tr>
        </thead>
        <tbody>
          <tr>
            <th scope="row" className="muted clean-loaded">
              As loaded
            </th>
            <td className="small muted">
              <Switch
                size="xs"
                label="a sample is a sentence, not a line"
                checked={settings.sentences}
                onChange={(event) => change({ ...settings, sentences: event.currentTarget.checked })}
              />
            </td>
            <td>
              <div className="clean-bar" aria-hidden="true">
                <i className="kept" style={{ width: '100%' }} />
              </div>
            </td>
            <td className="num">{formatCount(cleaning.samplesIn)}</td>
            <td className="num faint">–</td>
            <td className="num faint">–</td>
            <td className="num">{formatBytes(cleaning.bytesIn)}</td>
          </tr>
          {rows.map((row) => (
            <StepLine
              key={row.id}
              row={row}
              loaded={cleaning.samplesIn}
              settings={settings}
              change={change}
            />
          ))}
        </tbody>
      </table>
      <CleaningSummary report={report} />
    </>
  );
}
