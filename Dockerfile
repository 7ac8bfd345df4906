# Everything docker-compose.yml runs, on Debian 12 and from Debian's packages alone.

FROM debian:12-slim AS build
WORKDIR /src
COPY dev ./
# The packages first, so that an edit of the sources does not install them again.
RUN ./dev install-packages build && rm -rf /var/lib/apt/lists/*
COPY . .
RUN cmake --preset release \
    && cmake --build build/release --target zonecastd zonecast zonecast-mirror libzonecast libzonecast_static zonecast_lua \
    && cmake --install build/release --prefix /usr/local --strip

# zonecastd, zonecast and zonecast-mirror
FROM debian:12-slim AS zonecast
RUN apt-get update -qq \
    && apt-get install -y -qq --no-install-recommends libuv1 libhiredis0.14 libprotobuf32 libssl3 \
       libabsl20220623 libyaml-cpp0.7 libspdlog1.10 libfmt9 liblmdb0 libpsl5 libldns3 libsystemd0 libcap-ng0 libgetdns10 libsqlite3-0 \
       libprometheus-cpp-core1.0 libmicrohttpd12 \
    && rm -rf /var/lib/apt/lists/* \
    && groupadd --gid 800 zonecast && useradd --system --uid 800 --gid 800 --no-create-home zonecast \
    && install -d -o zonecast -g zonecast /var/lib/zonecast /run/zonecast
COPY --from=build /usr/local/bin/zonecastd /usr/local/bin/zonecast /usr/local/bin/zonecast-mirror /usr/local/bin/
USER zonecast
ENTRYPOINT ["zonecastd"]
CMD ["-c", "/etc/zonecast/zonecast.yaml"]

# The store
FROM debian:12-slim AS redis
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends redis-server \
    && rm -rf /var/lib/apt/lists/* \
    && groupadd --gid 800 zonecast && usermod --append --groups zonecast redis \
    && install -d -o redis -g zonecast -m 2770 /run/redis-shared
USER redis
ENTRYPOINT ["redis-server"]

# A customer's primary, as an example
FROM debian:12-slim AS primary
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends knot \
    && rm -rf /var/lib/apt/lists/* && install -d -o knot -g knot /run/knot /var/lib/knot/zones
COPY --chown=knot:knot tour/zones/ /var/lib/knot/zones/
USER knot
ENTRYPOINT ["knotd"]
CMD ["-c", "/etc/knot/knot.conf"]
