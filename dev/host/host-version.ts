/** Told to the library and in `/admin/host/status`: says what this is, in the form of a 4.x version. */
export const HOST_VERSION = '4.0.0-keepsake-dev';
