// Pictures from a phone are made smaller before they travel: at most 1600 px, as JPEG. Drawn anew, they carry nothing that
// the camera wrote: neither place nor device. The server draws them once more, whoever sent them.
const LONGEST = 1600;
const QUALITY = 0.85;

export async function shrink(file) {
  const picture = await createImageBitmap(file, { imageOrientation: "from-image" });
  const scale = Math.min(1, LONGEST / Math.max(picture.width, picture.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(picture.width * scale);
  canvas.height = Math.round(picture.height * scale);
  canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
  picture.close();
  const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", QUALITY));
  return { name: file.name.replace(/\.[^.]*$/, "") + ".jpg", blob };
}
