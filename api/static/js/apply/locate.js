/* Where the device is. A browser tells it only on a secure address, and the page says so instead of doing nothing. */

const OPTIONS = { enableHighAccuracy: true, timeout: 15_000, maximumAge: 5_000 };
const REASONS = { 1: "没有得到定位许可。", 2: "定位失败，请到开阔处再试。", 3: "定位超时，请到开阔处再试。" };

export function makeLocate(map, { onMessage }) {
  const shown = L.layerGroup().addTo(map);
  return () => {
    if (!window.isSecureContext) return onMessage("浏览器只在 https 地址上给出定位，现在的地址不是；请移动地图或填坐标。");
    if (!navigator.geolocation) return onMessage("这个浏览器不能定位。");
    onMessage("正在定位…");
    navigator.geolocation.getCurrentPosition(({ coords }) => {
      const at = L.latLng(coords.latitude, coords.longitude);
      shown.clearLayers();
      L.circle(at, { radius: coords.accuracy, weight: 1, color: "#2b6187", fillOpacity: 0.12, interactive: false }).addTo(shown);
      L.circleMarker(at, { radius: 6, color: "#fff", weight: 2, fillColor: "#2b6187", fillOpacity: 1, interactive: false }).addTo(shown);
      map.setView(at, Math.max(map.getZoom(), 18), { animate: false });
      onMessage(`已到所在位置，误差约 ${Math.round(coords.accuracy)} 米，只用来找地方，不能当界址点。`);
    }, (error) => onMessage(REASONS[error.code] || "定位失败。"), OPTIONS);
    return undefined;
  };
}
