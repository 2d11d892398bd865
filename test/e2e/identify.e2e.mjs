/** @file The way of a new user through the demo: the side bar, the command, the experts, the trace of a prompt. */
import { openContainer, openFile, openView, switchTheme } from '../../scripts/lib/workbench-window.mjs';
import { useWorkbench } from './session.mjs';

const { session, step, picture, staysOnThisMachine } = useWorkbench();

step('the activity bar opens Router Lens with its view of experts', async () => {
  const { page } = session;
  await openContainer(page, 'Router Lens');
  await openView(page, 'Experts');
  await picture('side-bar-dark');
});

step('the view is there in a light theme too', async () => {
  const { page } = session;
  await switchTheme(page, 'light');
  await openView(page, 'Experts');
  await picture('side-bar-light');
  await switchTheme(page, 'dark');
});

step('a prompt of the demo opens', async () => {
  await openFile(session.page, 'birthplace.txt');
  await picture('prompt');
});

staysOnThisMachine();
