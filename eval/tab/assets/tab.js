// The comparison in its frame says how tall it is, so that the page scrolls and not the frame.
addEventListener("message", (event) => {
  const frame = document.querySelector("#ev-report iframe");
  const height = event.data?.height;
  if (frame && event.source === frame.contentWindow && Number.isFinite(height))
    frame.style.height = Math.min(Math.max(height, 200), 500000) + "px";
});
