// An independent client, the npm package `onvif`, asks a camera; prints what it understood as JSON.
// Arguments: where its packages lie, port, user, password.
const [, , packages, port, username, password] = process.argv;
const { Cam } = require(`${packages}/onvif`);

function fail(error) {
  console.error(String(error));
  process.exit(1);
}

new Cam({ hostname: "127.0.0.1", port: Number(port), username, password, timeout: 5000 }, function (error) {
  if (error) return fail(error);
  this.getDeviceInformation((failed, information) => {
    if (failed) return fail(failed);
    this.getStreamUri({ protocol: "RTSP", profileToken: "sub" }, (refused, stream) => {
      if (refused) return fail(refused);
      const profiles = this.profiles.map((one) => one.$.token);
      console.log(JSON.stringify({ model: information.model, profiles, stream: stream.uri }));
    });
  });
});
