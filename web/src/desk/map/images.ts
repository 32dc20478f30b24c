/** Pictures that the layers name, drawn rather than loaded. */
import type { MapTheme } from '../../map/themes/theme';

function drawn(size: number, draw: (context: CanvasRenderingContext2D) => void): ImageData {
  const canvas = document.createElement('canvas');
  canvas.width = size;
  canvas.height = size;
  const context = canvas.getContext('2d');
  if (!context) return new ImageData(size, size);
  draw(context);
  return context.getImageData(0, 0, size, size);
}

/** Diagonal lines, for cells that are locked. */
export function hatchImage(theme: MapTheme): ImageData {
  const size = 16;
  return drawn(size, (context) => {
    context.strokeStyle = theme.edge.street;
    context.globalAlpha = 0.5;
    context.lineWidth = 2;
    // Three lines, so that the pattern closes over its edges.
    for (const shift of [-size, 0, size]) {
      context.beginPath();
      context.moveTo(shift - 2, size + 2);
      context.lineTo(shift + size + 2, -2);
      context.stroke();
    }
  });
}

/** A padlock, to be shown at half its size. */
export function lockImage(theme: MapTheme): ImageData {
  return drawn(36, (context) => {
    context.fillStyle = theme.label.street;
    context.strokeStyle = theme.label.halo;
    context.lineWidth = 3;
    context.beginPath();
    context.roundRect(7, 16, 22, 16, 4);
    context.stroke();
    context.fill();
    context.beginPath();
    context.arc(18, 16, 7, Math.PI, 0);
    context.lineWidth = 7;
    context.stroke();
    context.strokeStyle = theme.label.street;
    context.lineWidth = 3.5;
    context.stroke();
  });
}
