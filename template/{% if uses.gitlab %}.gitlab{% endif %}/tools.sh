#!/bin/sh
# Installs the tools that are named, in exact versions, each checked by its hash: tools.sh helm terraform
# Renovate leaves these to you: a new version needs its hash from the release.
set -eu
cd "$(mktemp -d)"

fetch() { # name address sha256
  curl --fail --silent --show-error --location --retry 3 --output "$1" "$2"
  echo "$3  $1" | sha256sum -c -
}

for tool in "$@"; do
  case $tool in
    cosign)
      fetch cosign https://github.com/sigstore/cosign/releases/download/v3.1.3/cosign-linux-amd64 \
        4629c757b7618056f8ddd7e2625ae9fdd94c0372a65049520bc7d9df9efc7f71
      install -m 755 cosign /usr/local/bin
      ;;
    crane)
      fetch crane.tar.gz https://github.com/google/go-containerregistry/releases/download/v0.22.1/go-containerregistry_Linux_x86_64.tar.gz \
        0ab7a1d6932a213aed964ce97666c3077fe691c8606413674a8b3e0b9ec4cda0
      tar -xzf crane.tar.gz -C /usr/local/bin crane
      ;;
    helm)
      fetch helm.tar.gz https://get.helm.sh/helm-v4.3.0-linux-amd64.tar.gz \
        86584a54def73570558f66f5111cc53dfed56689637ae32c1201205d494f54fb
      tar -xzf helm.tar.gz -C /usr/local/bin --strip-components=1 linux-amd64/helm
      ;;
    terraform)
      fetch terraform.zip https://releases.hashicorp.com/terraform/1.16.3/terraform_1.16.3_linux_amd64.zip \
        093b6ae9a2228af5029c41606bc96eb583553528aad1bfe7e0b4d62fc91e25d8
      unzip -q -o terraform.zip terraform -d /usr/local/bin
      ;;
    *)
      echo "tools.sh: no such tool: $tool" >&2
      exit 2
      ;;
  esac
done
