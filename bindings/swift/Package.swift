// swift-tools-version: 6.0
// The Swift package of libringline. `CRingline` is the C header as pkg-config finds it, `Ringline`
// what programs import. `IORing`, `IORingUtils` and `IORingFoundation` are for programs of the
// published library, thin layers over it; they bring the modules that such programs import besides.

import PackageDescription

let published = "Sources/Published/"

let package = Package(
  name: "ringline",
  products: [
    .library(name: "Ringline", targets: ["Ringline"]),
    .library(name: "CRingline", targets: ["CRingline"]),
    .library(name: "IORing", targets: ["IORing", "AsyncExtensions", "SystemPackage"]),
    .library(name: "IORingUtils", targets: ["IORingUtils", "SocketAddress"]),
    .library(name: "IORingFoundation", targets: ["IORingFoundation"]),
  ],
  targets: [
    .systemLibrary(name: "CRingline", pkgConfig: "ringline"),
    .target(name: "Ringline", dependencies: ["CRingline"]),
    .target(
      name: "AsyncExtensions", dependencies: ["Ringline"], path: published + "AsyncExtensions"),
    .target(name: "SystemPackage", dependencies: ["Ringline"], path: published + "SystemPackage"),
    .target(name: "SocketAddress", dependencies: ["Ringline"], path: published + "SocketAddress"),
    .target(name: "IORing", dependencies: ["Ringline", "AsyncExtensions", "SystemPackage"]),
    .target(name: "IORingUtils", dependencies: ["IORing", "SocketAddress"]),
    .target(name: "IORingFoundation", dependencies: ["IORingUtils"]),
    .executableTarget(name: "tcp-echo", dependencies: ["Ringline"], path: "Examples/TCPEcho"),
    .executableTarget(name: "file-copy", dependencies: ["Ringline"], path: "Examples/FileCopy"),
    .testTarget(name: "IORingTests", dependencies: ["IORing", "IORingUtils", "IORingFoundation"]),
    .testTarget(name: "RinglineTests", dependencies: ["Ringline", "tcp-echo", "file-copy"]),
  ],
  swiftLanguageModes: [.v6]
)
