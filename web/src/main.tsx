import './style/app.css';
import { render } from 'preact';
import { App } from './panels/App';
import { bindUrl } from './state/app';
import { info } from './state/data';
import { gridMap } from './state/mapHandle';

// Before the first paint: the language, the theme and the camera are the link's.
bindUrl((camera) => {
  const bounds = info.value.data?.bounds;
  if (camera) gridMap.value?.jumpTo(camera);
  else if (bounds) gridMap.value?.fit(bounds);
});

const root = document.getElementById('app');
if (root) render(<App />, root);
